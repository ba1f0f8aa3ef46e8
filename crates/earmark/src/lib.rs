//! Train, judge and run audio taggers.
