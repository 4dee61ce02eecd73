"""One panel a file; each draws a scene and knows no method."""
