//! The sandbox as a whole, with a stand-in for the handler that does the right thing, or leaves something out.

mod playing;
mod stand_in;
