"""Logic that the triggers and conditions of automations share."""
