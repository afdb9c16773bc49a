"""What leads look at: how many promises were kept, which were broken and why, and how long answers took."""
