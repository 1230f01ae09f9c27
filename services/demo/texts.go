package demo

// texts are what the companies write, by the language they write in. Some take two parts, those in other scripts UCS-2.
var texts = map[string][]string{
	"de": {
		"Ihr Termin ist morgen um 10:30 Uhr in Haus 2, Erdgeschoss. Bitte bringen Sie Ihre Versichertenkarte mit.",
		"Ihr Befund liegt vor. Bitte rufen Sie uns zwischen 8 und 12 Uhr an.",
		"Ihr Rezept kann abgeholt werden, wir haben heute bis 17 Uhr geöffnet.",
		"Erinnerung: Vorsorgeuntersuchung am Donnerstag um 14:15 Uhr. Wenn Sie nicht kommen können, sagen Sie bitte bis morgen Mittag ab, damit wir den Termin anderen geben können. Antworten Sie mit ABSAGE.",
	},
	"en": {
		"Your appointment is tomorrow at 10:30. Reply CHANGE if you need another time.",
		"Your results are ready. Please call us between 8 and 12.",
		"Your prescription can be collected today until 17:00.",
		"Doors open at 18:00. Please have this text ready: it is your ticket for two. The concert starts at 19:30, parking is free behind the hall, and the last tram leaves at 23:10.",
	},
	"pl": {
		"Wizyta jutro o 10:30. Prosimy zabrac skierowanie.",
		"Wyniki są gotowe do odbioru.",
	},
	"ja": {
		"ご予約は明日10時30分です。受付は2階です。",
		"本日の取材は15時に変更になりました。詳しくはメールをご覧ください。",
		"最新号が届きました。",
	},
	"ar": {
		"وصلت شحنتك، ويمكن استلامها اليوم حتى الخامسة.",
		"السائق في الطريق إليك.",
		"تأخرت شحنتك يوماً واحداً، نعتذر عن ذلك.",
	},
}

// footers stand under every text, as companies' do: most texts take two parts by them.
var footers = map[string]string{
	"de": " Fragen beantworten wir gern unter 030 1234567, werktags von 8 bis 17 Uhr. Keine weiteren Nachrichten? Antworten Sie mit STOP.",
	"en": " Questions? Call us on 030 1234567 on working days between 8 and 17. If you do not want to hear from us by text any more, reply STOP.",
	"pl": " Pytania? Zadzwoń: 22 123 45 67, w dni robocze od 8 do 17. Aby nie otrzymywać wiadomości, odpisz STOP.",
	"ja": " お問い合わせは03-1234-5678まで、平日9時から18時。配信を希望されない場合は、STOPとご返信ください。",
	"ar": " لأي استفسار اتصل بنا على 06 123 4567 في أيام العمل. لإيقاف الرسائل أرسل STOP.",
}
