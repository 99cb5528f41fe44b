"""What each kind of lab is proved by: fresh uploads whose effects are followed to the end."""
