//! What holds for every protocol: recorded cases against what their clients knew, and what becomes of them when segments
//! are cut anywhere, packets are lost, cut short or joined late, or several engines share them.

mod cases;
mod damage;
mod topics;
mod truth;
