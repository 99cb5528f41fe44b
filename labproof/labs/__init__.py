"""What a lab is: one declaration for each inventory variable, the kinds, names that AWS accepts."""
