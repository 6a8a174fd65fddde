"""Theme and widgets that know nothing of walks."""
