"""The forms and steps of set-up and options."""
