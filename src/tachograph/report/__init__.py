"""Answers for whoever asked: as documents and rows, the same on the command line and over the network."""
