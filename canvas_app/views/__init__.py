"""The views: thin modules that answer the browser, and the only ones that render pages."""
