"""One module per figure: ``data(...) -> table`` of arrays, ``draw(figure, table)``, ``TITLE`` and ``CAPTION``."""
