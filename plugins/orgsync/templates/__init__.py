"""Message templates: their files, the Jinja they are written in, the values they take, what comes out."""
