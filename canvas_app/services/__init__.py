"""The content of each page: plain functions of a CanvasAPI, independent of Flask."""
