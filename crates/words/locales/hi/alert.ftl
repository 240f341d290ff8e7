### हिन्दी। आदरसूचक आज्ञा (…जाएँ, …रहें), छोटे वाक्य।

## प्रकार: अभ्यास या परीक्षण

mode-exercise =
    .word = अभ्यास
    .sentence = यह केवल अभ्यास है। कोई वास्तविक ख़तरा नहीं है। इस संदेश के कारण कुछ न करें।
    .ended-headline = अभ्यास समाप्त हुआ
    .ended-description = अभ्यास समाप्त हुआ। कोई वास्तविक ख़तरा नहीं था। अब से, जिस संदेश में यह शब्द न हो उसे वास्तविक मानें।
    .ended-instruction = आपको कुछ करने की ज़रूरत नहीं है।
mode-test =
    .word = परीक्षण
    .sentence = यह केवल प्रणाली का परीक्षण है। कोई ख़तरा नहीं है। इस संदेश के कारण कुछ न करें।
    .ended-headline = परीक्षण समाप्त हुआ
    .ended-description = प्रणाली का परीक्षण समाप्त हुआ। कोई ख़तरा नहीं था। अब से, जिस संदेश में यह शब्द न हो उसे वास्तविक मानें।
    .ended-instruction = आपको कुछ करने की ज़रूरत नहीं है।

## जोड़

list-separator = { ", " }
full-stop = ।
sentence-separator = { " " }

## समय और स्थान

clock = { $hour }:{ $minute }
date =
    { $day } { $number ->
        [1] जनवरी
        [2] फ़रवरी
        [3] मार्च
        [4] अप्रैल
        [5] मई
        [6] जून
        [7] जुलाई
        [8] अगस्त
        [9] सितंबर
        [10] अक्टूबर
        [11] नवंबर
       *[12] दिसंबर
    } { $year }
date-clock = { $date }, { $clock }
time-utc = { $time } UTC
time-local = { $local } स्थानीय समय ({ $utc } UTC)
coordinates =
    { $lat }° { $north ->
        [north] उत्तर
       *[south] दक्षिण
    }, { $lon }° { $east ->
        [east] पूर्व
       *[west] पश्चिम
    }
place-named = { $name } ({ $coordinates })

## संदेश के प्रकार

level-none = सुनामी सूचना
level-advisory = सुनामी सतर्कता सूचना
level-warning = सुनामी चेतावनी
level-major = बड़ी सुनामी की चेतावनी
event-tsunami = सुनामी
event-traffic = यातायात में बाधा
event-energy = बिजली ग्रिड में गड़बड़ी
event-limit = सेंसर की सीमा पार
event-officer = जन सुरक्षा संदेश

## माप

quantity-sea-level = समुद्र का स्तर
quantity-water-pressure = पानी का दबाव
quantity-water-temperature = पानी का तापमान
quantity-speed = यातायात की गति
quantity-occupancy = सड़क पर भीड़
quantity-flow = यातायात का प्रवाह
quantity-travel-time = यात्रा का समय
quantity-voltage = वोल्टेज
quantity-current = विद्युत धारा
quantity-active-power = सक्रिय शक्ति
quantity-reactive-power = प्रतिघाती शक्ति
quantity-apparent-power = आभासी शक्ति
quantity-power-factor = शक्ति गुणांक
quantity-frequency = ग्रिड की आवृत्ति
quantity-active-energy = ऊर्जा
quantity-acceleration = ज़मीन का त्वरण
quantity-battery-voltage = बैटरी का वोल्टेज
unit-vehicles-per-hour = वाहन प्रति घंटा

## शीर्षक

headline-areas = { $level }: { $areas }
headline-many =
    { $level }: { $count ->
        [1] { $count } क्षेत्र, { $first }
       *[other] { $count } क्षेत्र, { $first } से { $last } तक
    }
headline-nowhere = { $level }: किसी भी क्षेत्र के चेतावनी स्तर तक पहुँचने की संभावना नहीं है
headline-cancelled = सुनामी चेतावनी रद्द
headline-limit = { $what }: { $station }
headline-limit-over = { $what }: { $station } - समाप्त

## क्या हुआ

earthquake = { $magnitude } तीव्रता का भूकंप आया। समय: { $when }। स्थान: { $place }, गहराई { $depth } किमी।
no-earthquake = ऐसा कोई भूकंप ज्ञात नहीं है जिससे ये लहरें उठी हों। लहरें एक ही स्रोत की लगती हैं। स्थान: { $place } के पास (लगभग { $km } किमी तक अनिश्चित)। समय लगभग: { $when }।
no-wave-left = कोई भूकंप ज्ञात नहीं है, और अब कोई सेंसर लहर नहीं दिखा रहा है।
no-wave-seen = सुनामी आ सकती है। अभी तक किसी सेंसर ने लहर नहीं देखी है।
wave-measured = इन स्थानों पर सुनामी मापी गई है: { $stations }।

## क्या आ रहा है

arrival-due = पहली लहर का अनुमानित समय { $when }
arrival-now = पहली लहर पहुँच चुकी हो सकती है
zone = { $name } - { $level }: { $arrival }, तट पर ऊँचाई लगभग { $middle } मीटर (संभवतः { $low } से { $high } मीटर)।
first-wave-due = पहली लहर का अनुमानित समय: { $when }।
first-wave-now = पहली लहर पहुँच चुकी हो सकती है।
areas = क्षेत्र: { $areas }।
lifted = इन क्षेत्रों के लिए अब लागू नहीं: { $areas }।
nature = पहली लहर अक्सर सबसे ऊँची नहीं होती। ख़तरनाक लहरें और धाराएँ कई घंटों तक रह सकती हैं।

## नया संदेश क्यों

reason-explained = नई जानकारी: अब वह भूकंप ज्ञात है जिससे ये लहरें उठीं।
reason-revised = नई जानकारी: भूकंप की तीव्रता या स्थान में सुधार किया गया है।
reason-confirmed = नई जानकारी: सुनामी की पुष्टि हो गई है।
reason-unconfirmed = नई जानकारी: जिन मापों से सुनामी की पुष्टि हुई थी, उनमें असल में कोई लहर नहीं थी।
reason-forecast = नई जानकारी: मापी गई ऊँचाइयों से पूर्वानुमान फिर से बनाया गया है।
reason-modelled = नई जानकारी: लहर की पूरी गणना से पूर्वानुमान फिर से बनाया गया है।
reason-renewal = नई जानकारी: चेतावनी अभी भी लागू है।
reason-all-clear = जिन सेंसरों ने सुनामी मापी थी, उन सब पर समुद्र अब शांत है। चेतावनी रद्द की जाती है। धाराएँ कुछ समय तक तेज़ रह सकती हैं।
reason-no-wave = जहाँ लहर आनी थी, वहाँ के सेंसरों पर कोई लहर नहीं पहुँची। चेतावनी रद्द की जाती है।
reason-withdrawn = भूकंप की जानकारी में सुधार हुआ है। उससे ख़तरनाक सुनामी नहीं उठ सकती। चेतावनी रद्द की जाती है।

## अब क्या करें

instruction-none = आपको कुछ करने की ज़रूरत नहीं है। स्थानीय प्रशासन की सूचनाओं पर ध्यान दें।
instruction-advisory = अभी पानी से बाहर निकलें। समुद्र तट, बंदरगाह और नदी के मुहाने से दूर रहें। चेतावनी रद्द होने तक वापस न जाएँ।
instruction-warning = अभी समुद्र तट छोड़ दें। अभी ऊँची जगह पर या तट से दूर अंदर की ओर जाएँ, हो सके तो पैदल। समय न हो तो किसी मज़बूत इमारत की ऊपरी मंज़िल पर जाएँ। चेतावनी रद्द होने तक वहीं रहें।
instruction-major = अभी समुद्र तट छोड़ दें। तट से जितना दूर या जितनी ऊँचाई पर जा सकें, जाएँ, हो सके तो पैदल। समय न हो तो किसी मज़बूत इमारत की ऊपरी मंज़िल पर जाएँ। चेतावनी रद्द होने तक वहीं रहें।
instruction-all-clear = तभी लौटें जब स्थानीय प्रशासन कहे कि सुरक्षित है। जब तक धाराएँ तेज़ हैं, पानी से बाहर रहें।
instruction-traffic = गति कम करें और दूरी बनाए रखें। हो सके तो इस जगह से न जाएँ। संकेतों और पुलिस के निर्देश मानें।
instruction-energy = बिजली जा सकती है। गिरे हुए बिजली के तारों से दूर रहें। जिन उपकरणों की ज़रूरत नहीं, उन्हें बंद कर दें।
instruction-limit = स्थानीय प्रशासन के निर्देश मानें।
instruction-limit-over = आपको कुछ करने की ज़रूरत नहीं है।
instruction-officer = स्थानीय प्रशासन के निर्देश मानें।

## किसी केंद्र पर सीमा

limit-above = { $value } से अधिक
limit-below = { $value } से कम
limit-rate = { $value } से अधिक का बदलाव
rate = { $value } प्रति सेकंड
limit-passed = { $station } ने { $value } मापा। समय: { $when }। सूचना की सीमा: { $limit }।
limit-over = { $station } फिर से अपनी सीमा के भीतर है: { $value }। समय: { $when }। सूचना की सीमा: { $limit }।

## ग़लती से भेजा गया संदेश

retraction =
    .headline =
        { $event ->
            [tsunami] ग़लती से भेजा गया: हमारे संदेश का अर्थ सुनामी का ख़तरा नहीं है
           *[other] ग़लती से भेजा गया: हमारे संदेश पर ध्यान न दें
        }
    .description =
        { $event ->
            [tsunami] { $when } का संदेश ग़लती से भेजा गया था। उससे सुनामी का कोई ख़तरा नहीं है।
           *[other] { $when } का संदेश ग़लती से भेजा गया था। उससे कोई ख़तरा नहीं है।
        }
    .instruction =
        { $event ->
            [tsunami] उस संदेश पर ध्यान न दें। यदि आपने उसके कारण तट छोड़ा था, तो आप लौट सकते हैं। यदि तेज़ भूकंप महसूस हो या समुद्र पीछे हटता दिखे, तो तुरंत तट छोड़ दें।
           *[other] उस संदेश पर ध्यान न दें। आपको कुछ करने की ज़रूरत नहीं है।
        }

## अधिकारी का लिखा संदेश: केवल ढाँचा हमारा है

officer =
    .description = { $sender } की सूचना, { $when }: { $text }
