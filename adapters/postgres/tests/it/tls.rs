//! Encrypted connections, and those that are refused.

use ironflow_domain::store::StoreErrorKind;
use tokio::time::timeout;

use crate::given::{LONG, options, whole};

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn without_the_feature_nothing_is_sent_unencrypted_that_was_to_be_encrypted() {
    // Nobody is there, and nobody is asked.
    let url = "postgres://postgres@127.0.0.1:1/postgres?sslmode=require";
    let opening = timeout(LONG, options("ironflow").patience(100 * LONG).connect(url));
    let error = opening.await.expect("it does not pass").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unsupported);
    assert!(
        whole(&error).contains("switch on its feature `tls`"),
        "{error}"
    );
}

#[cfg(feature = "tls")]
mod encrypted {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    use std::path::Path;
    use std::process::Command;

    use ironflow_postgres::Postgres;
    use ironflow_services::Postgres as Server;

    use super::*;
    use crate::given::{append_any, raw, until};

    /// Makes a certificate that vouches for itself, and its key.
    fn certify(directory: &Path, name: &str, who: &str) -> Vec<u8> {
        let (certificate, key) = (format!("{name}.crt"), format!("{name}.key"));
        let output = Command::new("openssl")
            .args([
                "req", "-new", "-x509", "-nodes", "-days", "3650", "-subj", "/CN=test",
            ])
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-addext", &format!("subjectAltName = {who}")])
            .args(["-addext", "basicConstraints = critical, CA:FALSE"])
            .args(["-out", &certificate, "-keyout", &key])
            .current_dir(directory)
            .output()
            .expect("the program `openssl` is there");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        fs::read(directory.join(certificate)).unwrap()
    }

    /// A server that has this certificate from now on.
    async fn with_certificate(server: &Server, directory: &Path, name: &str) {
        let data = server.data_directory();
        let owner = fs::metadata(data).unwrap();
        for ending in ["crt", "key"] {
            let file = data.join(format!("server.{ending}"));
            fs::copy(directory.join(format!("{name}.{ending}")), &file).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let other = raw(&server.url()).await;
        let before: String = other
            .query_one("SELECT pg_conf_load_time()::text", &[])
            .await
            .unwrap()
            .get(0);
        other
            .batch_execute("ALTER SYSTEM SET ssl = on")
            .await
            .unwrap();
        other
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .unwrap();
        let sql =
            format!("SELECT current_setting('ssl') = 'on' AND pg_conf_load_time() > '{before}'");
        until(&other, "the server should have a certificate", &sql).await;
    }

    async fn open(url: &str, roots: Option<&[u8]>) -> Result<Postgres, String> {
        let mut options = options("ironflow").patience(100 * LONG);
        if let Some(roots) = roots {
            options = options.root_certificates(roots);
        }
        let opened = timeout(LONG, options.connect(url)).await;
        opened.expect("it does not pass").map_err(|error| {
            assert_eq!(error.kind(), StoreErrorKind::Other, "{}", whole(&error));
            whole(&error)
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let right = certify(directory.path(), "right", "IP:127.0.0.1");
        let wrong = certify(directory.path(), "wrong", "IP:127.0.0.1");
        let elsewhere = certify(directory.path(), "elsewhere", "DNS:db.example");
        let server = Server::start().unwrap();
        let encrypted = format!("{}?sslmode=require", server.url());

        // It has none yet.
        let error = open(&encrypted, Some(&right)).await.unwrap_err();
        assert!(error.contains("TLS"), "{error}");

        with_certificate(&server, directory.path(), "right").await;
        let store = open(&encrypted, Some(&right)).await.unwrap();
        append_any(&store, "order-1", 1).await;
        let raw = raw(&server.url()).await;
        let sql = "SELECT coalesce(bool_and(s.ssl), false) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                   WHERE a.application_name = 'ironflow'";
        assert!(
            raw.query_one(sql, &[]).await.unwrap().get::<_, bool>(0),
            "not encrypted"
        );
        store.close().await;
        drop(store);

        // Several may vouch; one that does not is not enough, nor is whom the system trusts.
        let both = [wrong.clone(), right].concat();
        open(&encrypted, Some(&both)).await.unwrap();
        for roots in [Some(&wrong[..]), None] {
            let error = open(&encrypted, roots).await.unwrap_err();
            assert!(error.contains("certificate"), "{error}");
        }
        let error = open(&encrypted, Some(b"nothing")).await.unwrap_err();
        assert!(error.contains("the root certificates are none"), "{error}");

        // The certificate of another host.
        with_certificate(&server, directory.path(), "elsewhere").await;
        let error = open(&encrypted, Some(&elsewhere)).await.unwrap_err();
        assert!(error.contains("certificate"), "{error}");

        // Where nothing is said about it, nothing is encrypted.
        let plain = open(&server.url(), None).await.unwrap();
        append_any(&plain, "order-1", 1).await;
    }
}
