"""Reading real exports: files of any encoding, dialect and date form as rows, and what was made of them."""
