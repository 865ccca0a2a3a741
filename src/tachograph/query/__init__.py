"""Any measure by any combination of dimensions: one form of question behind the command line, files and Python."""
