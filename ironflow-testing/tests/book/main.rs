//! The book of stories: what this binary's own tests tell.

mod binding;
mod stories;
mod unusual;

ironflow_testing::story_book!("tests/book/stories.md", stories::catalogue(), "stories::");
