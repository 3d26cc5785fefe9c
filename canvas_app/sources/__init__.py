"""How a page asks Canvas: parallel calls, one deadline, cached answers, each source's state."""
