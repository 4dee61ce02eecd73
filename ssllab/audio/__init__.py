"""Sound in and out: microphone, player, files, takes. No Qt."""
