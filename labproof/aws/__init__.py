"""How AWS is reached: connections, what is asked, and what an answer can be."""
