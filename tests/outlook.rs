//! What `reveille plan` prints, held against what the simulated Azure and its clusters saw of real runs.

mod calls;
mod played;
mod printed;
mod roles;
mod shown;
