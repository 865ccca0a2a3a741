"""The command line: arguments to a question, a result to a page. Nothing here counts."""
