"""What every machine of the assistant shares."""
