"""What genai-prices says of a request by a model of a few known names; other names have no price here."""

from datetime import datetime
from decimal import localcontext
from fractions import Fraction
from functools import cache

from genai_prices import Usage, calc_price

# A model as logs name it -> who sells it by that name.
SELLERS = {
    "claude-opus-4-5-20251101": "anthropic",
    "claude-sonnet-4-5-20250929": "anthropic",  # dearer above 200,000 tokens of input
    "claude-sonnet-4-6": "anthropic",  # likewise until 2026-03-13
    "gemini-2.5-pro": "google",  # dearer above 200,000 tokens of input
    "gpt-5.4": "openai",  # dearer above 272,000 tokens of input
    "deepseek-chat": "deepseek",  # dearer from 00:30 to 16:30
}


@cache
def price_usd(model: str, at: datetime, plain: int, output: int, read: int, write: int, write_1h: int) -> Fraction:
    """What one request at that moment costs, exactly; the kinds are disjoint, but `write_1h` is a part of `write`.

    A name that isn't one of `SELLERS` is a KeyError.
    """
    usage = Usage(
        input_tokens=plain + read + write,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=write_1h,
    )
    with localcontext(prec=100):  # its usual 28 digits round
        return Fraction(calc_price(usage, model, provider_id=SELLERS[model], genai_request_timestamp=at).total_price)
