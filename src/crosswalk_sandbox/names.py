"""Word lists for the invented population: names in many scripts, places, companies, sentences."""

from __future__ import annotations

from dataclasses import dataclass

Named = tuple[str, str]  # as written, and in plain Latin letters for an e-mail address


@dataclass(frozen=True, slots=True, kw_only=True)
class Culture:
    """Names and places that go together."""

    country: str
    first: tuple[Named, ...]
    last: tuple[Named, ...]
    cities: tuple[str, ...]
    phone: str  # all but the last three digits; all ranges are reserved for fiction


def _pairs(text: str) -> tuple[Named, ...]:
    """Read `written:latin` pairs; a word without a colon is both, in lower case."""
    words = [word.strip() for word in text.split(",")]
    return tuple((word.partition(":")[0], word.partition(":")[2] or word.lower()) for word in words)


US_PHONE, UK_PHONE, DE_PHONE = "+1 202 555 0", "+44 7700 900", "+49 30 23125"
FR_PHONE, AU_PHONE, SE_PHONE = "+33 1 99 00 0", "+61 491 570 ", "+46 8 465 00"

CULTURES = (
    Culture(
        country="Spain",
        first=_pairs("María:maria, José:jose, Lucía:lucia, Íñigo:inigo, Begoña:begona, Andrés:andres"),
        last=_pairs("Ruiz, Muñoz:munoz, Gutiérrez:gutierrez, Ibáñez:ibanez, Núñez:nunez, Peña:pena"),
        cities=("Madrid", "A Coruña", "Málaga"),
        phone=FR_PHONE,
    ),
    Culture(
        country="Germany",
        first=_pairs("Jörg:joerg, Käthe:kaethe, Björn:bjoern, Anna-Lena:annalena, Günther:guenther, Zoë:zoe"),
        last=_pairs("Müller:mueller, Weiß:weiss, Schröder:schroeder, von der Heide:vdheide, Groß:gross"),
        cities=("Berlin", "München", "Düsseldorf"),
        phone=DE_PHONE,
    ),
    Culture(
        country="United Kingdom",
        first=_pairs("Olivia, George, Siân:sian, Niamh, Callum, Zadie"),
        last=_pairs("O'Neill:oneill, Smith-Jones:smithjones, Brown, McAllister, Ng, Whitby"),
        cities=("London", "Leeds", "Caernarfon"),
        phone=UK_PHONE,
    ),
    Culture(
        country="United States",
        first=_pairs("Emma, Noah, Sophia, Liam, Renée:renee, DeShawn"),
        last=_pairs("Johnson, Garcia, Lee, Washington, St. James:stjames, Nakamura"),
        cities=("Portland", "Austin", "Coeur d'Alene"),
        phone=US_PHONE,
    ),
    Culture(
        country="Sweden",
        first=_pairs("Åsa:asa, Göran:goeran, Märta:maerta, Erik, Ólafur:olafur, Søren:soren"),
        last=_pairs("Åkesson:akesson, Lindström:lindstrom, Sjöberg:sjoberg, Þórsson:thorsson, Öberg:oberg"),
        cities=("Göteborg", "Malmö", "Umeå"),
        phone=SE_PHONE,
    ),
    Culture(
        country="Poland",
        first=_pairs("Łukasz:lukasz, Agnieszka, Jiří:jiri, Żaneta:zaneta, Ştefan:stefan"),
        last=_pairs("Wiśniewski:wisniewski, Zając:zajac, Dvořák:dvorak, Kowalczyk, Ionescu, Šimůnek:simunek"),
        cities=("Łódź", "Kraków", "Plzeň"),
        phone=DE_PHONE,
    ),
    Culture(
        country="Türkiye",
        first=_pairs("İpek:ipek, Çağrı:cagri, Işıl:isil, Ömer:omer, Şule:sule, Emre"),
        last=_pairs("Yılmaz:yilmaz, Öztürk:ozturk, Çelik:celik, Şahin:sahin, Doğan:dogan, Kaya"),
        cities=("İzmir", "Eskişehir", "Ankara"),
        phone=UK_PHONE,
    ),
    Culture(
        country="Greece",
        first=_pairs("Ελένη:eleni, Γιώργος:giorgos, Δημήτρης:dimitris, Σοφία:sofia, Νίκος:nikos"),
        last=_pairs("Παπαδόπουλος:papadopoulos, Νικολάου:nikolaou, Ιωάννου:ioannou, Βλάχος:vlachos"),
        cities=("Αθήνα", "Θεσσαλονίκη", "Πάτρα"),
        phone=FR_PHONE,
    ),
    Culture(
        country="Ukraine",
        first=_pairs("Оксана:oksana, Юрій:yurii, Мария:mariya, Дмитро:dmytro, Алёна:alyona, Їржина:irzhyna"),
        last=_pairs("Шевченко:shevchenko, Іваненко:ivanenko, Петров:petrov, Ђорђевић:djordjevic"),
        cities=("Київ", "Львів", "Харків"),
        phone=SE_PHONE,
    ),
    Culture(
        country="Egypt",
        first=_pairs("ليلى:layla, محمد:mohamed, فاطمة:fatima, عمر:omar, نور:nour, يوسف:youssef"),
        last=_pairs("حسن:hassan, الخطيب:elkhatib, منصور:mansour, سليمان:soliman, عبد الرحمن:abdelrahman"),
        cities=("القاهرة", "الإسكندرية", "أسوان"),
        phone=US_PHONE,
    ),
    Culture(
        country="Israel",
        first=_pairs("נועה:noa, דוד:david, תמר:tamar, יונתן:yonatan, שירה:shira, איתן:eitan"),
        last=_pairs("כהן:cohen, לוי:levi, מזרחי:mizrahi, פרידמן:friedman, בן דוד:bendavid"),
        cities=("חיפה", "תל אביב", "באר שבע"),
        phone=US_PHONE,
    ),
    Culture(
        country="China",
        first=_pairs("伟:wei, 芳:fang, 秀英:xiuying, 娜:na, 建国:jianguo, 𠮷祥:jixiang"),
        last=_pairs("李:li, 王:wang, 张:zhang, 欧阳:ouyang, 陈:chen, 司马:sima"),
        cities=("上海", "成都", "广州"),
        phone=AU_PHONE,
    ),
    Culture(
        country="Japan",
        first=_pairs("花子:hanako, 太郎:taro, さくら:sakura, 健一:kenichi, ユウキ:yuki, 美咲:misaki"),
        last=_pairs("佐藤:sato, 鈴木:suzuki, 髙橋:takahashi, 渡邊:watanabe, 小林:kobayashi"),
        cities=("東京", "大阪", "札幌"),
        phone=AU_PHONE,
    ),
    Culture(
        country="South Korea",
        first=_pairs("지우:jiwoo, 서연:seoyeon, 민준:minjun, 하은:haeun, 도윤:doyun"),
        last=_pairs("김:kim, 이:yi, 박:park, 최:choi, 남궁:namgung"),
        cities=("서울", "부산", "대구"),
        phone=AU_PHONE,
    ),
    Culture(
        country="Thailand",
        first=_pairs("สมชาย:somchai, กัญญา:kanya, ณัฐวุฒิ:nattawut, พิมพ์ใจ:pimjai, อรุณ:arun"),
        last=_pairs("ศรีสุข:srisuk, วงศ์ไทย:wongthai, แก้วมณี:kaewmanee, ใจดี:jaidee"),
        cities=("กรุงเทพฯ", "เชียงใหม่", "ภูเก็ต"),
        phone=UK_PHONE,
    ),
    Culture(
        country="India",
        first=_pairs("प्रिया:priya, राहुल:rahul, अनन्या:ananya, விஜய்:vijay, দীপা:dipa, सुनीता:sunita"),
        last=_pairs("शर्मा:sharma, गुप्ता:gupta, क्षत्रिय:kshatriya, முருகன்:murugan, চট্টোপাধ্যায়:chattopadhyay"),
        cities=("मुंबई", "சென்னை", "কলকাতা"),
        phone=UK_PHONE,
    ),
    Culture(
        country="Vietnam",
        first=_pairs("Thị Hương:huong, Văn Đức:duc, Ngọc Ánh:anh, Quốc Bảo:bao, Mỹ Lệ:myle"),
        last=_pairs("Nguyễn:nguyen, Trần:tran, Phạm:pham, Đặng:dang, Võ:vo"),
        cities=("Hà Nội", "Đà Nẵng", "Huế"),
        phone=AU_PHONE,
    ),
    Culture(
        country="Georgia",
        first=_pairs("ნინო:nino, გიორგი:giorgi, Անի:ani, Արամ:aram, ሰላም:selam, თამარ:tamar"),
        last=_pairs("ბერიძე:beridze, კაპანაძე:kapanadze, Սարգսյան:sargsyan, ተስፋዬ:tesfaye"),
        cities=("თბილისი", "Երևան", "ባሕር ዳር"),
        phone=SE_PHONE,
    ),
)

DOMAINS = (
    "example.org", "example.com", "example.net", "mail.example", "harbour.example", "lindgren-soehne.example",
    "orchid-labs.example", "northwind-farm.example",
)  # fmt: skip
COMPANIES = (
    "Harbour Ltd", "Lindgren & Söhne GmbH", "Orchid Labs", "株式会社みどり", "ООО «Ромашка»",
    "Café Ñandú S.A.", "Northwind Farm", "شركة النور", "Bright \"Star\" Media", "O'Hara, Finch & Partners",
    "Ελιά Α.Ε.", "Zero Zero Inc.", "Tōfu < Tea", "Fjord & Fell AS", "한빛상사", "Pão de Açúcar do Vale Ltda.",
)  # fmt: skip
JOB_TITLES = (
    "Managing Director", "Leiterin Einkauf", "CTO", "Office manager", "Responsable d'achats",
    "営業部長", "Teacher", "Head of R&D", "Buyer", "Ingénieure",
)  # fmt: skip
NICKNAMES = ("Sunny", "Ace", "ñandú", "小鸟", "0", "Bär", "the 2nd", "Кот", "🦊 Fox", "null", "N/A", "=1+1")
SENTENCES = (
    "Met at the spring fair, wants a second offer.",
    "Prefers calls after 16:00 (not on Fridays).",
    "Fragt nach Rabatt ab 100 Stück; Größe XL fehlt.",
    'Asked us to "keep it short" & simple.',
    "会議は来月に延期されました。",
    "Très satisfaite de la dernière livraison 🎉",
    "سيتم التواصل الأسبوع القادم.",
    "Перезвонить в понедельник.",
    "Bought 3 × 12 m of rope at 4.50 each, 0 complaints.",
    "Family 👩‍👩‍👧 moved; new address to follow.",
    "Slash / backslash \\ percent % underscore _ and a tab\tinside.",
)
INTERESTS = ("Email", "Phone", "Events", "Webinars", "Product news", "Partner programme")
RATINGS = ("Hot", "Warm", "Cold")
INDUSTRIES = ("Agriculture", "Education", "Manufacturing", "Retail", "Technology")
REGIONS = ("Americas", "Asia Pacific", "Europe", "Middle East and Africa")
SOURCES = ("web-form", "fair-2025", "referral", "import:old-crm", "")
TAGS = ("newsletter", "vip", "fair-2025", "webinar attendee", "beta", "Kunde")
