//! What the shop does because of what happened: one file for each reactor.

mod shipment_notices;

pub use shipment_notices::ShipmentNotices;
