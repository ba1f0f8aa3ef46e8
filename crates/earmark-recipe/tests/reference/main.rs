//! The recipe reference is what the config structs say. `cargo xtask reference` writes it by running these tests with
//! `EARMARK_WRITE_REFERENCE=1`.

mod page;
