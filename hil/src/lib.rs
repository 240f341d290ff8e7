//! Virtual nodes and the hardware-in-the-loop rig.
