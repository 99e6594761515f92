"""What comes from the SAT itself: its bulk metadata, its lists, and the answers of its public status service."""
