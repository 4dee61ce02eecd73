"""Kinds of data: each is one folder here with its declaration, its sources and what reads them."""
