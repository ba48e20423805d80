"""What is demanded of a daemon in the hands of its friends."""
