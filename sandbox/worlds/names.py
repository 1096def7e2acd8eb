"""Made-up people's names by tongue, company names, and job titles in several languages."""

from dataclasses import dataclass

FIRST = {
    "english": "Alex Bethany Callum Dana Ethan Fiona Gavin Holly Ian Jenna Kyle Laura Mason Nora",
    "german": "Anke Bernd Claudia Dirk Elke Florian Gisela Heiko Ines Jürgen Katja Lutz Maren",
    "french": "Agnès Benoît Céline Damien Élodie Fabrice Gaëlle Hervé Inès Julien Laure Mathieu",
    "spanish": "Álvaro Begoña Carlos Diego Elena Fermín Gloria Íñigo Jimena Lucía Manuel Nuria",
    "portuguese": "Adriana Bruno Cecília Davi Elisa Fábio Gisele Heitor Júlia Luís Márcia Otávio",
    "nordic": "Astrid Björn Camilla Dag Elin Fredrik Gunilla Håkan Ingrid Jörgen Linnéa Måns",
    "arabic": "Amal Bilal Dalia Faisal Hana Idris Jamila Karim Layla Mazen Noura Rashid",
    "japanese": "Akira Chie Daichi Emi Haruto Izumi Kazuko Makoto Naoki Rina Shinji Yumi",
    "indian": "Aditi Bhavesh Chitra Deepak Esha Farhan Gauri Harish Isha Jatin Kavya Lakshmi",
    "chinese": "Boon Chee Fang Hui Jun Kai Ling Ming Rui Sheng Wei Xin",
}
LAST = {
    "english": "Abernath Brackley Carrow Dunmore Ellerby Fenwick Garrow Hollis Irvine Jarrow Keld",
    "german": "Müller Schäfer Köhler Böttger Größner Lindner Habermehl Weißkopf Übelacker Krüger",
    "french": "Lefèvre Garnière Beaumont Chérel Duvivier Fontenay Guérin Hautcœur Lacombe Noiret",
    "spanish": "Núñez Peñalba Ibáñez Carreño Domínguez Echeverri Gálvez Huerta Llorente Márquez",
    "portuguese": "Araújo Brandão Conceição Figueirôa Guimarães Leitão Magalhães Nóbrega Serrão",
    "nordic": "Åkerblom Bergström Dahlqvist Ekelöf Friberg Grönvall Högberg Lundgård Øverby",
    "arabic": "Al-Harthi Barakat Darwish El-Sayed Fakhoury Ghanem Haddadin Khalifeh Mansour Qasim",
    "japanese": "Aoyama Fujisaki Hoshino Ishikura Kawabe Matsunaga Nishio Okabe Takeda Yoshimi",
    "indian": "Acharya Bhattarai Chaudhuri Deshmane Gokhale Iyengar Kulkarni Menon Pillai Raghavan",
    "chinese": "Chua Foo Goh Heng Khoo Lau Ng Ong Seah Teo",
}

COMPANY_FIRST = (
    "Alder Basalt Cobalt Delphic Ember Fjord Granite Halcyon Indigo Juniper Kestrel Lumen Marlow "
    "Nimbus Orchard Pinnacle Quarry Ridgeway Saffron Tessera Umbra Verdant Westmark Yarrow Zephyr"
)
COMPANY_SECOND = (
    "Logistics Analytics Foods Robotics Biologics Energy Insurance Retail Media Freight Optics "
    "Payments Chemicals Networks Hospitals Textiles"
)
INDUSTRIES = {
    "Logistics": "Transportation",
    "Analytics": "Software",
    "Foods": "Food Production",
    "Robotics": "Machinery",
    "Biologics": "Biotechnology",
    "Energy": "Utilities",
    "Insurance": "Insurance",
    "Retail": "Retail",
    "Media": "Media",
    "Freight": "Transportation",
    "Optics": "Electronics",
    "Payments": "Financial Services",
    "Chemicals": "Chemicals",
    "Networks": "Telecommunications",
    "Hospitals": "Health Care",
    "Textiles": "Apparel",
}
LEGAL_FORMS = {
    "US": ("Inc.", "LLC", "Corp."),
    "CA": ("Inc.", "Ltd."),
    "BR": ("Ltda.", "S.A."),
    "GB": ("Ltd", "plc"),
    "IE": ("Ltd",),
    "DE": ("GmbH", "AG", "GmbH & Co. KG"),
    "FR": ("SAS", "S.A."),
    "ES": ("S.L.", "S.A."),
    "SE": ("AB",),
    "NL": ("B.V.", "N.V."),
    "AE": ("FZ-LLC",),
    "JP": ("K.K.", "株式会社"),
    "IN": ("Pvt. Ltd.",),
    "AU": ("Pty Ltd",),
    "SG": ("Pte. Ltd.",),
}


@dataclass(frozen=True, slots=True)
class Title:
    """A job title with what it means."""

    text: str
    seniority: str
    department: str


TITLES = {
    "english": (
        Title("VP Marketing", "vp", "marketing"),
        Title("Chief Information Officer", "c_suite", "engineering"),
        Title("Head of Revenue Operations", "director", "sales"),
        Title("Sr. Mgr, Demand Gen", "manager", "marketing"),
        Title("Director of IT", "director", "engineering"),
        Title("Sales Operations Analyst", "entry", "sales"),
        Title("CFO", "c_suite", "finance"),
        Title("marketing coordinator", "entry", "marketing"),
    ),
    "german": (
        Title("Geschäftsführer", "c_suite", "operations"),
        Title("Leiterin Vertrieb", "director", "sales"),
        Title("Bereichsleiter IT", "director", "engineering"),
        Title("Werkstudent Marketing", "entry", "marketing"),
    ),
    "french": (
        Title("Directrice commerciale", "director", "sales"),
        Title("Responsable marketing", "manager", "marketing"),
        Title("PDG", "c_suite", "operations"),
    ),
    "spanish": (
        Title("Director de Sistemas", "director", "engineering"),
        Title("Jefa de Ventas", "manager", "sales"),
    ),
    "portuguese": (
        Title("Diretor de Tecnologia", "director", "engineering"),
        Title("Gerente de Marketing", "manager", "marketing"),
    ),
    "nordic": (
        Title("Försäljningschef", "manager", "sales"),
        Title("VD", "c_suite", "operations"),
        Title("Head of Growth", "director", "marketing"),
    ),
    "japanese": (
        Title("部長", "director", "sales"),
        Title("Manager, Information Systems", "manager", "engineering"),
    ),
}
"""Titles by tongue; a tongue that is not here uses the English ones."""
