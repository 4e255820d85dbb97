"""What is asked of the model: invariants and reachability questions, each with the comment it stands for and who is asked."""
