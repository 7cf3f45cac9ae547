"""What the triggers and conditions of automations share."""
