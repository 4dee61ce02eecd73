"""What tables say about recordings: a file for each family of layouts, each a pure function that takes what it knows.

:mod:`ssllab.data.speech.layout` asks them in turn.
"""
