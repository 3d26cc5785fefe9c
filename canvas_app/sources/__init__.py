"""How a page asks Canvas: calls in parallel under one deadline, kept answers, the state of each."""
