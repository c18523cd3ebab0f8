"""What customers call their merchants, to measure where the floor of merchant search must stand. All lines are made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from retrieval.embedding import Embedder
from retrieval.templates import template

# What is meant -> statement lines.
MERCHANTS: dict[str, tuple[str, ...]] = {
    "coffee": ("SQ *BLUE CUP COFFEE 0412", "COSTA COFFEE 51200077", "NERO CAFFE 12", "PIER CAFE", "BEAN HOUSE ESPRESSO BAR"),
    "petrol": ("NORTHSIDE PFS 1001", "SHELL HILLTOP 100", "ESSO MILL LANE SSTN", "BP MARLOW ROAD", "TEXACO HARBOUR GARAGE"),
    "plumber": ("DRAIN DOCTOR PLUMBING", "R HARTLEY PLUMBING & HEATING", "AQUAFIX PLUMBERS LTD"),
    "groceries": ("TESCO STORES 1000", "SAINSBURYS S/MKT 99", "ALDI 1 100", "WAITROSE 001", "CORNER GROCERS"),
    "gym": ("PUREGYM LTD", "RIVERSIDE FITNESS CLUB", "YOGA BARN"),
    "train": ("TRAINLINE 1234", "NORTHERN RAIL TICKETS", "AVANTI WEST COAST"),
    "pharmacy": ("BOOTS 0001", "HILLSIDE PHARMACY", "LLOYDS CHEMIST"),
    "dentist": ("MILL ROAD DENTAL PRACTICE", "SMILE DENTAL CARE"),
    "streaming": ("NETFLIX.COM", "SPOTIFY P2A1B3", "DISNEY PLUS", "AMZN PRIME VIDEO"),
    "vet": ("PAWS VETERINARY CENTRE", "MEADOW VETS"),
    "parking": ("PARK EASY", "NCP CAR PARK 0331", "RINGGO PARKING"),
    "energy": ("OCTOPUS ENERGY", "BRITISH GAS REF 00123A", "EDF ENERGY"),
    "takeaway": ("DELIVEROO", "GOLDEN DRAGON CHINESE TAKEAWAY", "JUST EAT", "PIZZA HUT 1"),
    "hairdresser": ("STUDIO HAIR & BEAUTY", "BARBER JACKS"),
    "books": ("WATERSTONES 0123", "THE PAGE BOOKSHOP"),
    "diy": ("B & Q 1000", "SCREWFIX LTD", "TOOLSTATION 44"),
    "taxi": ("UBER TRIP 1AB2C HELP.UBER", "CITY CABS"),
    "council tax": ("BIRCHFORD COUNCIL TAX",),
    "phone": ("O2 BILL", "EE LIMITED", "VODAFONE LTD"),
    "insurance": ("AVIVA INSURANCE", "DIRECT LINE INS"),
    "nursery": ("LITTLE ACORNS NURSERY",),
    "furniture": ("IKEA NORTH", "OAK FURNITURE LAND"),
}

# The customer's words -> what they mean.
WORDS = {
    "that coffee place": "coffee",
    "coffee": "coffee",
    "coffee shops": "coffee",
    "the cafe near work": "coffee",
    "petrol": "petrol",
    "fuel for the car": "petrol",
    "filling stations": "petrol",
    "the plumber": "plumber",
    "plumbing": "plumber",
    "the man who fixed the boiler": "plumber",
    "supermarket": "groceries",
    "food shopping": "groceries",
    "groceries": "groceries",
    "the gym": "gym",
    "fitness": "gym",
    "train tickets": "train",
    "trains": "train",
    "the chemist": "pharmacy",
    "pharmacy": "pharmacy",
    "dentist": "dentist",
    "the dentist": "dentist",
    "streaming subscriptions": "streaming",
    "movies and music streaming": "streaming",
    "the vet": "vet",
    "parking": "parking",
    "car parks": "parking",
    "electricity bill": "energy",
    "energy supplier": "energy",
    "gas and electric": "energy",
    "takeaways": "takeaway",
    "takeaway food": "takeaway",
    "the hairdresser": "hairdresser",
    "haircut": "hairdresser",
    "barber": "hairdresser",
    "book shops": "books",
    "books": "books",
    "diy store": "diy",
    "hardware shops": "diy",
    "taxi": "taxi",
    "cabs": "taxi",
    "council tax": "council tax",
    "mobile phone bill": "phone",
    "insurance": "insurance",
    "childcare": "nursery",
    "nursery": "nursery",
    "furniture": "furniture",
}

# Words for which there is no merchant above: nothing should reach the floor.
STRANGERS = (
    "the casino",
    "jewellery",
    "flower shop",
    "swimming lessons",
    "cinema tickets",
    "the lawyer",
    "mortgage broker",
    "airline tickets",
    "hotel in Rome",
    "dog groomer",
    "wine merchant",
    "guitar shop",
    "golf club",
    "the university",
    "ski pass",
    "tattoo",
    "boat hire",
    "locksmith",
    "funeral director",
    "cheese shop",
)


class AtFloor(NamedTuple):
    """What a floor would let through, as shares. recall, precision: of pairs of words and merchant.

    found: words with a right merchant above it. first: words whose nearest merchant is right and above it.
    strangers: words without a merchant that are given one.
    """

    floor: float
    recall: float
    precision: float
    found: float
    first: float
    strangers: float


def measure(embedder: Embedder, floors: Sequence[float]) -> list[AtFloor]:
    kinds = np.asarray([kind for kind, lines in MERCHANTS.items() for _ in lines])
    merchants = embedder.embed_names([template(line) for lines in MERCHANTS.values() for line in lines])
    scores = np.concatenate([embedder.embed_names([words]) for words in WORDS]) @ merchants.T
    right = np.asarray(list(WORDS.values()))[:, None] == kinds[None, :]
    strange = (np.concatenate([embedder.embed_names([words]) for words in STRANGERS]) @ merchants.T).max(axis=1)
    first = right[np.arange(len(scores)), scores.argmax(axis=1)]
    return [
        AtFloor(
            floor,
            float((scores >= floor)[right].mean()),
            float((scores[right] >= floor).sum() / max(1, (scores >= floor).sum())),
            float(((scores >= floor) & right).any(axis=1).mean()),
            float((first & (scores.max(axis=1) >= floor)).mean()),
            float((strange >= floor).mean()),
        )
        for floor in floors
    ]
