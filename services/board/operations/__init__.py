"""How the system runs: late timers, deadlines that nobody noticed, lag, topics that changed, and dead letters."""
