//! Records of runs: what they tell, that they are final once signed, and that a changed one shows.

mod finality;
mod forms;
mod pages;
mod support;
mod told;
mod verifying;
