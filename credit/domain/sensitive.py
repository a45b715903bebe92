"""Words that tell of sensitive personal information: health, marriage, belief, a criminal past (PIPL, articles 28 and 29).

Published lists of reasons are full of them (Domain, section 3.3). A parameter that uses one may be released, after a warning.
"""

from typing import Final

WORDS: Final = (
    "患病", "疾病", "残疾", "健康", "精神", "光棍", "单身", "离婚", "婚变", "婚姻", "丧偶", "宗教", "信教", "前科", "服刑", "吸毒",
    "怀孕", "生育", "艾滋", "illness", "disab", "health", "disease", "single", "divorc", "marri", "marital", "widow", "religio",
    "criminal", "prison", "drug", "pregnan",
)  # fmt: skip


def sensitive_words(text: str) -> list[str]:
    """Return the words of a text that sound of sensitive information."""
    lower = text.lower()
    return [word for word in WORDS if word in lower]
