"""Questions to a table: an audit takes checked columns, answers with numbers and their bounds."""
