"""Numbers as people type them into a text field: `1,234.56`, `1.234,56 €`, `USD -5`, `12 %`."""

from __future__ import annotations

import re
import unicodedata

from ..core.values import number_text

# What Python accepts beyond a plain decimal (1_000, 1e999999999, digits of other scripts) is nobody's number.
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_MARK = r"[^\d.,+\-−()\s]{1,4}\.?"
_TYPED = re.compile(
    rf"(?P<sign>[+\-−]?)\s*(?P<before>{_MARK})?\s*(?P<inner>[+\-−]?)\s*"
    rf"(?P<digits>[0-9.,](?:[0-9.,\s'’]*[0-9.,])?)\s*(?P<after>{_MARK})?"
)
_GAPPED = re.compile(r"([0-9]{1,3})((?:[\s'’][0-9]{3})+)((?:[.,][0-9]*)?)")
_GROUPS = {
    sign: re.compile(rf"[0-9]{{1,3}}(?:{re.escape(sign)}[0-9]{{3}})+|[0-9]{{1,2}}(?:{re.escape(sign)}[0-9]{{2}})+"
                     rf"{re.escape(sign)}[0-9]{{3}}")
    for sign in ",."
}  # fmt: skip
_GROUP = 3  # digits between two signs that part thousands
# Source: ISO 4217, codes of currencies in use.
_ISO_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK
    LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
    OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF
    YER ZAR ZMW ZWG
"""
_CODES = frozenset(_ISO_CODES.split())
_WORDS = frozenset({"kr", "kr.", "zł", "kč", "ft", "lei", "fr", "fr.", "rs", "rs."})


class AmbiguousError(ValueError):
    """A text that may be read as two different numbers: `1.234` is more than one or more than a thousand."""


def read_number(text: str, scale: int | None, *, percent: bool = False) -> str:
    """Return the canonical form of a number as a person typed it.

    Thousands may be parted by commas, points, blanks or apostrophes, decimals follow a point or a comma, and one
    sign or code of a currency (`percent`: or `%`) may stand before or after. One sign with three digits after it is
    taken as a decimal point only where it may be our own writing: a bare `1.234` for a field of `scale` decimal
    places (None: unknown) that has room for three. Raises AmbiguousError, and ValueError for what is no number.
    """
    if _PLAIN.fullmatch(text) is not None and not _is_open(text.lstrip("+-"), ".", bare=True, scale=scale):
        return number_text(text)
    found = _TYPED.fullmatch(text.strip())
    if found is None or (found["sign"] and found["inner"]):
        raise _unread(text)
    marks = [mark for mark in (found["before"], found["after"]) if mark]
    if len(marks) > 1 or not all(_is_currency(mark) or (percent and mark == "%") for mark in marks):
        raise _unread(text)
    digits = _decimal(found["digits"], bare=not marks, scale=scale)
    negative = (found["sign"] or found["inner"]) in {"-", "−"}
    return number_text(f"-{digits}" if negative else digits)


def _unread(text: str) -> ValueError:
    return ValueError(f"not a number: {text!r}")


def _is_currency(mark: str) -> bool:
    """Tell whether a mark is the sign of a currency (`€`, `US$`), its code, or a word for one."""
    if mark in _CODES or mark.casefold() in _WORDS:
        return True
    letters, sign = mark[:-1], mark[-1]
    return unicodedata.category(sign) == "Sc" and (not letters or letters.isalpha())


def _decimal(digits: str, *, bare: bool, scale: int | None) -> str:
    """Return a plain decimal. Raises AmbiguousError and ValueError."""
    gapped = _GAPPED.fullmatch(digits)
    if gapped is not None:
        return re.sub(r"[\s'’]", "", gapped[1] + gapped[2]) + gapped[3].replace(",", ".")
    if re.search(r"[\s'’]", digits):
        raise _unread(digits)
    last = max(",.", key=digits.rfind)
    if digits.count(last) == 1:
        if _is_open(digits, last, bare=bare, scale=scale):
            raise AmbiguousError(digits)
        whole, _sign, fraction = digits.partition(last)
        return f"{_ungrouped(whole)}.{fraction}" if whole or fraction else _ungrouped(whole)
    return _ungrouped(digits)


def _is_open(digits: str, sign: str, *, bare: bool, scale: int | None) -> bool:
    """Tell whether nothing shows if a sign parts decimals or thousands."""
    whole, found, fraction = digits.partition(sign)
    if not found or len(fraction) != _GROUP or not fraction.isdecimal():
        return False
    if not whole.isdecimal() or len(whole) > _GROUP or whole.startswith("0"):
        return False
    return not (sign == "." and bare and (scale is None or scale >= _GROUP))


def _ungrouped(whole: str) -> str:
    """Return digits without the signs between thousands. Raises ValueError when these stand elsewhere."""
    if not whole or whole.isdecimal():
        return whole
    sign = "," if "," in whole else "."
    if _GROUPS[sign].fullmatch(whole) is None:
        raise _unread(whole)
    return whole.replace(sign, "")
