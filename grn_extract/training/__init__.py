"""How the embedded reader's adapter was made: `python -m grn_extract.training --gold FOLDER --out FOLDER`."""
