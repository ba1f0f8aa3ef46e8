//! The recipe reference is what the config structs say.
#![allow(dead_code, reason = "used once every setting has a schema")]

mod editor;
mod page;
