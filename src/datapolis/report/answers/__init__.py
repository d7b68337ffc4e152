"""The pages of answers, one module a kind of question."""
