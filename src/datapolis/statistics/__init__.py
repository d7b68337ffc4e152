"""Arrays in, numbers out: indicators, and inference about them. Loads no table and no society."""
