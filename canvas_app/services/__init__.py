"""What each page is made of: plain functions of a CanvasAPI; nothing of Flask."""
